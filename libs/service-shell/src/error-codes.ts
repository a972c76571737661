import type { RefusalPage } from './define-commands.ts';

/** A code of the closed list: its page, and what a client may do with it. */
export interface CodePage extends RefusalPage {
  /** The same request may succeed later, unchanged. */
  readonly retryable: boolean;
  /** HTTP status where an answer has one. */
  readonly status: number;
}

/** Every code that an answer of the graph may carry. The list is closed: a client may switch over it. */
export const GRAPH_CODES = {
  UNAUTHENTICATED: {
    happened: 'The request does not prove who is asking.',
    remedy: 'Send a valid bearer token.',
    zh: '请求未证明身份。请附上有效的令牌。',
    retryable: false,
    status: 401,
  },
  FORBIDDEN: {
    happened: 'Who is asking may not see or do this.',
    remedy: 'Ask with another role, or ask the administrator for the right.',
    zh: '当前身份无权查看或执行此操作。请更换角色或联系管理员授权。',
    retryable: false,
    status: 403,
  },
  NOT_FOUND: {
    happened: 'There is no such thing here.',
    remedy: 'Check the address or the id.',
    zh: '此处没有该对象。请检查地址或编号。',
    retryable: false,
    status: 404,
  },
  BAD_USER_INPUT: {
    happened: 'The request makes no sense as it stands.',
    remedy: 'Correct the field that the path names, and send it again with a new key.',
    zh: '请求内容无效。请按路径所指修正字段，并使用新的键重新发送。',
    retryable: false,
    status: 400,
  },
  CONFLICT: {
    happened: 'Someone else changed this first, or the expected version is not the current one. Nothing was stored.',
    remedy: 'Read the current state, then send again with the same key.',
    zh: '他人已先行修改，或期望的版本不是当前版本。未保存任何内容。请读取最新状态后用同一键重试。',
    retryable: true,
    status: 409,
  },
  IDEMPOTENCY_MISMATCH: {
    happened: 'This idempotency key was used before for another input.',
    remedy: 'Use a new key for a new command; repeat a command with exactly its first input.',
    zh: '该幂等键此前用于不同的内容。新的命令请使用新的键，重发命令须与首次内容完全一致。',
    retryable: false,
    status: 422,
  },
  COST_LIMIT_EXCEEDED: {
    happened: 'The query would cost more than one request may.',
    remedy: 'Ask for fewer fields, shorter pages or less depth.',
    zh: '查询开销超过单次请求上限。请减少字段、缩短分页或降低层级。',
    retryable: false,
    status: 400,
  },
  RATE_LIMITED: {
    happened: 'Too many requests at once.',
    remedy: 'Wait as long as Retry-After says, then repeat.',
    zh: '请求过于频繁。请按 Retry-After 等待后重试。',
    retryable: true,
    status: 429,
  },
  PERSISTED_QUERY_NOT_FOUND: {
    happened: 'The stored operation of this hash is not known here.',
    remedy: 'Send the whole document, or deploy the manifest that holds it.',
    zh: '未找到该哈希对应的预存操作。请发送完整文档或部署包含它的清单。',
    retryable: false,
    status: 404,
  },
  STALE_READ: {
    happened: 'What was asked for has not arrived here in time: the answer would be older than the given token.',
    remedy: 'Repeat a little later, or ask with x-consistency-mode: best-effort.',
    zh: '所需数据尚未到达，回答会早于所给令牌。请稍后重试，或使用 x-consistency-mode: best-effort。',
    retryable: true,
    status: 503,
  },
  POSITION_IN_FUTURE: {
    happened: 'The asked instant is not closed yet: facts recorded before it may still appear.',
    remedy: 'Ask for an earlier instant, or repeat a little later.',
    zh: '所问时刻尚未封闭，之前的事实仍可能出现。请询问更早的时刻或稍后重试。',
    retryable: true,
    status: 400,
  },
  SUBGRAPH_UNAVAILABLE: {
    happened: 'The service that knows this cannot answer now.',
    remedy: 'Repeat a little later with the same key; what was answered beside it is right.',
    zh: '掌握该数据的服务暂时无法回答。请稍后用同一键重试；同时返回的其他内容有效。',
    retryable: true,
    status: 503,
  },
  SUBGRAPH_TIMEOUT: {
    happened: 'The service that knows this did not answer in time. A command may or may not have been done.',
    remedy: 'Repeat with the same key: it is done once at most, and the answer tells.',
    zh: '掌握该数据的服务未在时限内回答，命令可能已执行也可能未执行。请用同一键重试，最多执行一次。',
    retryable: true,
    status: 504,
  },
  INTERNAL: {
    happened: 'Something went wrong here. It is logged under the request id.',
    remedy: 'Repeat once with the same key; if it stays, report the request id.',
    zh: '系统内部出错，已按请求编号记录。请用同一键重试一次；若仍失败，请上报请求编号。',
    retryable: false,
    status: 500,
  },
} as const satisfies Readonly<Record<string, CodePage>>;

/** Codes that only HTTP answers and the bulk door's verdicts carry. */
export const HTTP_CODES = {
  UNDECIDED: {
    happened: 'This command was not decided: one before it in the same stream has to be sent again first.',
    remedy: 'Send it again after that one, in the same order and with the same key.',
    zh: '该命令尚未裁定：同一流中在它之前的命令须先重发。请按原顺序、用原键重发。',
    retryable: true,
    status: 503,
  },
  PAYLOAD_TOO_LARGE: {
    happened: 'The request or the line is larger than the limit.',
    remedy: 'Send smaller parts: the message names the limit.',
    zh: '请求或行超过大小上限。请按消息所示上限拆分发送。',
    retryable: false,
    status: 413,
  },
  UNSUPPORTED_MEDIA_TYPE: {
    happened: 'The content type or content encoding is not taken here.',
    remedy: 'Send what the message names, uncompressed.',
    zh: '不接受该内容类型或编码。请按消息所示类型发送，且不压缩。',
    retryable: false,
    status: 415,
  },
} as const satisfies Readonly<Record<string, CodePage>>;

export type GraphCode = keyof typeof GRAPH_CODES;
export type AnswerCode = GraphCode | keyof typeof HTTP_CODES;

export const isGraphCode = (code: unknown): code is GraphCode =>
  typeof code === 'string' && Object.hasOwn(GRAPH_CODES, code);

export const pageOf = (code: AnswerCode): CodePage => ({ ...GRAPH_CODES, ...HTTP_CODES })[code];
