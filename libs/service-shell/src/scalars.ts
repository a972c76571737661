import { cents, formatMoney, parseIsoDate, parseMoney } from '@tongchou/kernel';
import { GraphQLError, GraphQLScalarType, Kind, type ValueNode } from 'graphql';

function scalar(
  name: string,
  description: string,
  specifiedByURL: string,
  form: {
    readonly out: (value: unknown) => string;
    readonly into: (text: string) => string | undefined;
    readonly allowed: string;
  },
): GraphQLScalarType<string, string> {
  const refuse = (): never => {
    throw new GraphQLError(`${name} must be ${form.allowed}`, { extensions: { code: 'BAD_USER_INPUT' } });
  };
  const parse = (value: unknown): string => (typeof value === 'string' ? form.into(value) : undefined) ?? refuse();
  return new GraphQLScalarType<string, string>({
    name,
    description,
    specifiedByURL,
    serialize: form.out,
    parseValue: parse,
    parseLiteral: (node: ValueNode) => parse(node.kind === Kind.STRING ? node.value : undefined),
  });
}

function text(value: unknown): string {
  if (typeof value === 'string') return value;
  throw new TypeError('A scalar that is a text was answered with something else');
}

/**
 * Whole cents inside, a decimal string with two places outside. As input it stays that string in its one form
 * ("1250.50"), since commands parse it; numbers are refused.
 */
export const Money = scalar(
  'Money',
  'An amount in the currency of the deployment: a decimal string with two places, such as "1250.50".',
  'https://en.wikipedia.org/wiki/Decimal_separator',
  {
    out: (value) =>
      formatMoney(typeof value === 'bigint' ? value : cents(typeof value === 'number' ? value : Number.NaN)),
    into: (given) => {
      const amount = parseMoney(given);
      return amount === undefined ? undefined : formatMoney(amount);
    },
    allowed: 'a decimal text with at most two places, such as "1250.50"; numbers are not taken',
  },
);

/** A calendar day. */
export const DateScalar = scalar(
  'Date',
  'A calendar day, YYYY-MM-DD.',
  'https://www.rfc-editor.org/rfc/rfc3339#section-5.6',
  { out: text, into: parseIsoDate, allowed: 'a day such as "2018-08-31"' },
);

const RFC3339 = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?(Z|[+-]\d{2}:\d{2})$/;

/** An instant in UTC. */
export const DateTime = scalar('DateTime', 'An instant, RFC 3339, UTC.', 'https://www.rfc-editor.org/rfc/rfc3339', {
  out: (value) => (value instanceof Date ? value.toISOString() : text(value)),
  into: (given) =>
    RFC3339.test(given) && !Number.isNaN(Date.parse(given)) ? new Date(given).toISOString() : undefined,
  allowed: 'an instant such as "2018-08-31T12:00:00Z"',
});

/** The scalars of every subgraph, by the name in the schema. */
export const scalars: Readonly<Record<string, GraphQLScalarType>> = { Money, Date: DateScalar, DateTime };
