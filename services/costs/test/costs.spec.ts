import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { costSheetIdOf, decodePublic, parseEnvelope, topicOf } from '@tongchou/contracts';
import { eventually } from '@tongchou/testing';
import { standingCosts } from './standing-costs.ts';
import type { StandingCosts } from './standing-costs.ts';

let costs: StandingCosts;
beforeAll(async () => {
  costs = await standingCosts();
});
afterAll(() => costs.close());

interface Answer {
  readonly data?: Record<string, unknown> | null;
  readonly errors?: readonly { readonly message: string; readonly extensions: Record<string, unknown> }[];
}

/** Statements that the last answer took. */
let statements = '';

async function ask(query: string, variables: object = {}): Promise<Answer> {
  const response = await fetch(`${costs.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(await costs.headers()) },
    body: JSON.stringify({ query, variables }),
  });
  statements = /\d+ statements/.exec(response.headers.get('server-timing') ?? '')?.[0] ?? 'unknown';
  const answer: Answer = JSON.parse(await response.text());
  return answer;
}

const SHEET = `costSheet {
  version state closedBecause currentBudget currentPeriod baselineBudget baselinePeriod
  revisions lateCorrections quarantined ceiling ceilingApproval overrun crossings
}`;

const ERRORS = `errors {
  __typename code message path
  ... on ProjectUnknown { projectId }
  ... on CostSheetClosed { reason }
  ... on CeilingNotPositive { amount }
  ... on CeilingAlreadySet { ceiling }
  ... on CeilingNotHigher { held: ceiling }
}`;

let key = 0;

/** Runs a mutation and answers its payload. */
async function run(name: 'reportBudget' | 'setCeiling' | 'raiseCeiling', input: object): Promise<unknown> {
  const type = `${name[0]?.toUpperCase()}${name.slice(1)}Input!`;
  const text = `mutation ($input: ${type}) { ${name}(input: $input) { ${SHEET} ${ERRORS} consistencyToken } }`;
  const { data, errors } = await ask(text, { input: { idempotencyKey: `spec-${(key += 1)}`, ...input } });
  expect(errors).toBeUndefined();
  return data?.[name];
}

const report = (reference: string, period: string, amount: string) =>
  run('reportBudget', { projectId: costs.idOf(reference), period, amount });

const sheetsOf = async (...references: string[]): Promise<unknown> => {
  const them = references.map((reference) => ({ __typename: 'Project', id: costs.idOf(reference) }));
  const text = `query ($them: [_Any!]!) { _entities(representations: $them) { ... on Project { id ${SHEET} } } }`;
  return (await ask(text, { them })).data?.['_entities'];
};

/** Registers a work, and waits until its sheet is open. */
async function registered(reference: string): Promise<void> {
  await costs.register(reference);
  await eventually(`the sheet of ${reference} is open`, async () => (await storedTypes(reference)).length > 0);
}

async function storedTypes(reference: string): Promise<string[]> {
  const { rows } = await costs.database.query<{ event_type: string }>(
    'select event_type from es.events where stream_id = $1 order by version',
    [costSheetIdOf(costs.idOf(reference))],
  );
  return rows.map((row) => row.event_type);
}

/** What costs has published of a sheet, as another service decodes it. */
async function publishedOf(reference: string, count: number): Promise<unknown[]> {
  const facts = new Map<number, unknown>();
  const subscription = await costs.bus.subscribe({
    group: `spec-${reference}`,
    topics: [topicOf('costs')],
    from: 'earliest',
    onBatch: async ({ messages }) => {
      for (const { headers, value } of messages) {
        const envelope = parseEnvelope(headers, value);
        if (envelope.kind !== 'fact' || envelope.streamId !== costSheetIdOf(costs.idOf(reference))) continue;
        const { source, type, schemaVersion, data, version } = envelope;
        facts.set(version, decodePublic(source, type, schemaVersion, data));
      }
    },
  });
  await eventually(`${count} facts of ${reference} on the bus`, () => facts.size >= count);
  await subscription.close();
  return [...facts].toSorted(([one], [other]) => one - other).map(([, fact]) => fact);
}

describe('a budget', () => {
  it('of a project that costs has not heard of is refused for now, and taken once it has', async () => {
    const projectId = costs.idOf('later');
    expect(await report('later', '2014-05-01', '100.00')).toMatchObject({
      costSheet: null,
      errors: [{ __typename: 'ProjectUnknown', code: 'ProjectUnknown', projectId, path: ['input'] }],
      consistencyToken: null,
    });
    await registered('later');
    expect(await report('later', '2014-05-01', '100.00')).toMatchObject({
      costSheet: { baselineBudget: '100.00' },
      errors: [],
    });
  });

  it('is answered, stored and published', async () => {
    await registered('a');
    expect(await report('a', '2014-05-01', '182980960.00')).toMatchObject({
      costSheet: {
        state: 'OPEN',
        version: 2,
        currentBudget: '182980960.00',
        baselineBudget: '182980960.00',
        baselinePeriod: '2014-05-01',
        ceiling: null,
        overrun: null,
      },
      errors: [],
      consistencyToken: expect.stringMatching(/^costs.*:CostSheet:[0-9a-f-]{36}@2$/),
    });
    expect(await report('a', '2015-02-01', '168751769')).toMatchObject({
      costSheet: { currentBudget: '168751769.00', baselineBudget: '182980960.00', revisions: 1 },
    });
    expect(await report('a', '2014-08-01', '170000000')).toMatchObject({
      costSheet: { currentBudget: '168751769.00', lateCorrections: 1 },
    });
    expect(await report('a', '2015-08-01', '0')).toMatchObject({
      costSheet: { currentBudget: '168751769.00', currentPeriod: '2015-02-01', quarantined: 1 },
    });
    const types = [
      'CostSheetOpened',
      'BudgetBaselineReported',
      'BudgetRevised',
      'BudgetCorrectedLate',
      'BudgetQuarantined',
    ];
    expect(await storedTypes('a')).toEqual(types);
    const projectId = costs.idOf('a');
    expect(await publishedOf('a', types.length)).toEqual([
      { type: 'CostSheetOpened', projectId },
      { type: 'BudgetBaselineReported', projectId, period: '2014-05-01', amount: 18_298_096_000 },
      { type: 'BudgetRevised', projectId, period: '2015-02-01', from: 18_298_096_000, amount: 16_875_176_900 },
      { type: 'BudgetCorrectedLate', projectId, period: '2014-08-01', amount: 17_000_000_000 },
      { type: 'BudgetQuarantined', projectId, period: '2015-08-01', amount: 0, reason: 'NotPositive' },
    ]);
  });

  it('that was reported before changes nothing, with the same key or another', async () => {
    await registered('again');
    const first = await report('again', '2014-05-01', '100');
    expect(await report('again', '2014-05-01', '100.00')).toEqual(first);
    expect(await storedTypes('again')).toEqual(['CostSheetOpened', 'BudgetBaselineReported']);
  });

  it('keeps its period as the day on which it was true', async () => {
    await registered('effective');
    await report('effective', '2014-05-01', '100');
    const { rows } = await costs.database.query<{ metadata: object }>(
      'select metadata from es.events where stream_id = $1 and version = 2',
      [costSheetIdOf(costs.idOf('effective'))],
    );
    expect(rows).toMatchObject([
      { metadata: { effectiveOn: '2014-05-01', actor: { subject: 'demo', role: 'cost-engineer' } } },
    ]);
  });

  it('that makes no sense is told by its field, and nothing is stored', async () => {
    await registered('senseless');
    const text = 'mutation ($input: ReportBudgetInput!) { reportBudget(input: $input) { consistencyToken } }';
    const base = { idempotencyKey: 'senseless', projectId: costs.idOf('senseless'), period: '2014-05-01', amount: '1' };
    for (const wrong of [{ period: '2014-02-30' }, { amount: '1.005' }, { amount: 1 }, { projectId: 'x' }]) {
      const { errors } = await ask(text, { input: { ...base, ...wrong } });
      expect(errors).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT', service: 'costs' } }]);
    }
    expect(await storedTypes('senseless')).toEqual(['CostSheetOpened']);
  });
});

describe('the ceiling', () => {
  it('is set once and raised, and what is above it is flagged', async () => {
    await registered('ceiling');
    const projectId = costs.idOf('ceiling');
    await report('ceiling', '2014-05-01', '100');
    expect(await run('raiseCeiling', { projectId, amount: '90', approval: 'DRC-1' })).toMatchObject({
      errors: [{ __typename: 'CeilingNotSet' }],
    });
    expect(await run('setCeiling', { projectId, amount: '-1', approval: 'DRC-1' })).toMatchObject({
      errors: [{ __typename: 'CeilingNotPositive', amount: '-1.00' }],
    });
    expect(await run('setCeiling', { projectId, amount: '90', approval: 'DRC-1' })).toMatchObject({
      costSheet: { ceiling: '90.00', ceilingApproval: 'DRC-1', overrun: '10.00', crossings: 1 },
    });
    expect(await run('setCeiling', { projectId, amount: '95', approval: 'DRC-2' })).toMatchObject({
      costSheet: null,
      errors: [{ __typename: 'CeilingAlreadySet', ceiling: '90.00' }],
    });
    expect(await run('raiseCeiling', { projectId, amount: '90', approval: 'DRC-2' })).toMatchObject({
      errors: [{ __typename: 'CeilingNotHigher', held: '90.00' }],
    });
    expect(await run('raiseCeiling', { projectId, amount: '120', approval: 'DRC-2' })).toMatchObject({
      costSheet: { ceiling: '120.00', overrun: null, crossings: 1 },
    });
    expect(await storedTypes('ceiling')).toEqual([
      'CostSheetOpened',
      'BudgetBaselineReported',
      'CeilingSet',
      'OverrunFlagged',
      'CeilingRaised',
    ]);
  });
});

describe('a sheet', () => {
  it('closes with its project', async () => {
    await registered('cancelled');
    await report('cancelled', '2014-05-01', '100');
    await costs.cancel('cancelled', 'Merged into 4');
    await eventually('the sheet is closed', async () => (await storedTypes('cancelled')).includes('CostSheetClosed'));
    expect(await report('cancelled', '2014-06-01', '110')).toMatchObject({
      costSheet: null,
      errors: [{ __typename: 'CostSheetClosed', reason: 'Merged into 4' }],
    });
    expect(await report('cancelled', '2014-05-01', '100')).toMatchObject({
      costSheet: { state: 'CLOSED', closedBecause: 'Merged into 4', currentBudget: '100.00' },
      errors: [],
    });
  });

  it('of many projects is one answer, in the order asked for; null where there is none', async () => {
    await registered('one');
    await registered('two');
    await report('one', '2014-05-01', '1');
    await eventually('both sheets are folded', async () =>
      ((await sheetsOf('one', 'two')) as { costSheet: unknown }[]).every(({ costSheet }) => costSheet !== null),
    );
    await sheetsOf('one');
    const ofOne = statements;
    expect(ofOne).toMatch(/^[1-9]/);
    expect(await sheetsOf('two', 'nowhere', 'one', 'two')).toMatchObject([
      { id: costs.idOf('two'), costSheet: { currentBudget: null, baselineBudget: null } },
      { id: costs.idOf('nowhere'), costSheet: null },
      { id: costs.idOf('one'), costSheet: { currentBudget: '1.00' } },
      { id: costs.idOf('two') },
    ]);
    expect(statements).toBe(ofOne);
    const forged = [{ __typename: 'Project', id: "x'; drop schema es; --" }];
    const text =
      'query ($them: [_Any!]!) { _entities(representations: $them) { ... on Project { costSheet { state } } } }';
    expect((await ask(text, { them: forged })).data).toEqual({ _entities: [{ costSheet: null }] });
  });

  it('has a history, page by page, forward and backward', async () => {
    await registered('history');
    for (const [period, amount] of [
      ['2014-05-01', '1'],
      ['2014-06-01', '2'],
      ['2014-07-01', '2'],
      ['2014-08-01', '-3'],
    ] as const) {
      await report('history', period, amount);
    }
    const page = async (given: string): Promise<unknown> => {
      const text = `query ($them: [_Any!]!) { _entities(representations: $them) { ... on Project { costSheet {
        history${given} { totalCount pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
          nodes { version type period amount from because recordedBy recordedAs onBehalfOf requestId } } } } } }`;
      const them = [{ __typename: 'Project', id: costs.idOf('history') }];
      const { data, errors } = await ask(text, { them });
      if (errors) return errors[0]?.extensions['code'];
      const [project] = data?.['_entities'] as { costSheet: { history: unknown } }[];
      return project?.costSheet.history;
    };
    const all = { totalCount: 5, pageInfo: { hasNextPage: false, hasPreviousPage: false } };
    expect(await page('')).toMatchObject({
      ...all,
      nodes: [
        { version: 1, type: 'CostSheetOpened', amount: null, recordedBy: 'demo' },
        {
          version: 2,
          type: 'BudgetBaselineReported',
          amount: '1.00',
          period: '2014-05-01',
          recordedAs: 'cost-engineer',
          onBehalfOf: null,
          requestId: expect.stringMatching(/^[0-9a-f-]{36}$/),
        },
        { version: 3, type: 'BudgetRevised', amount: '2.00', from: '1.00' },
        { version: 4, type: 'BudgetConfirmed', amount: '2.00', period: '2014-07-01' },
        { version: 5, type: 'BudgetQuarantined', amount: '-3.00', because: 'NotPositive' },
      ],
    });
    const first = (await page('(first: 2)')) as { pageInfo: { endCursor: string } };
    expect(first).toMatchObject({ nodes: [{ version: 1 }, { version: 2 }], pageInfo: { hasNextPage: true } });
    expect(await page(`(first: 2, after: "${first.pageInfo.endCursor}")`)).toMatchObject({
      nodes: [{ version: 3 }, { version: 4 }],
      pageInfo: { hasNextPage: true, hasPreviousPage: true },
    });
    expect(await page('(last: 2)')).toMatchObject({ nodes: [{ version: 4 }, { version: 5 }], totalCount: 5 });
    expect(await page('(first: 201)')).toBe('BAD_USER_INPUT');
    expect(await page('(after: "x")')).toBe('BAD_USER_INPUT');
  });
});

describe('the bulk door', () => {
  const post = async (lines: readonly object[]): Promise<Record<string, unknown>[]> => {
    const response = await fetch(`${costs.url}/v1/commands`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-ndjson', ...(await costs.headers()) },
      body: lines.map((line) => JSON.stringify(line)).join('\n'),
    });
    const text = await response.text();
    return text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
  };
  const line = (reference: string, period: string, amount: string) => ({
    command: 'ReportBudget',
    idempotencyKey: `${reference} ${period}`.replaceAll(' ', '-'),
    input: { projectId: costs.idOf(reference), period, amount },
  });

  it('answers retry for a project not heard of, and for what follows it in the stream', async () => {
    await registered('bulk');
    const lines = [
      line('bulk-later', '2014-05-01', '1'),
      line('bulk', '2014-05-01', '1'),
      line('bulk-later', '2014-06-01', '2'),
    ];
    expect(await post(lines)).toMatchObject([
      { line: 1, status: 'retry', code: 'ProjectUnknown' },
      { line: 2, status: 'accepted' },
      { line: 3, status: 'retry' },
    ]);
    await registered('bulk-later');
    expect(await post(lines)).toMatchObject([{ status: 'accepted' }, { status: 'repeated' }, { status: 'accepted' }]);
  });

  it('does not take what only policies may ask', async () => {
    const open = { command: 'OpenCostSheet', idempotencyKey: 'open', input: { projectId: costs.idOf('x') } };
    expect(await post([open])).toMatchObject([{ status: 'invalid', code: 'BAD_USER_INPUT' }]);
  });
});
