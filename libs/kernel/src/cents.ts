declare const centsBrand: unique symbol;

/** Money in minor units: a safe integer, one currency a deployment. */
export type Cents = number & { readonly [centsBrand]: true };

/** A safe integer of minor units; anything else is a programmer's error. */
export function cents(amount: number): Cents {
  if (!Number.isSafeInteger(amount)) throw new RangeError(`Not a whole, safe number of cents: ${amount}`);
  return (amount === 0 ? 0 : amount) as Cents;
}

const MONEY = /^(-?)(\d{1,14})(?:\.(\d{1,2}))?$/;

/** `"1250.5"` as 125,050 cents; `undefined` for anything but an optional sign, digits and at most two places. */
export function parseMoney(text: string): Cents | undefined {
  const parts = MONEY.exec(text);
  if (!parts) return undefined;
  const [, sign, whole = '', places = ''] = parts;
  const amount = Number(`${whole}${places.padEnd(2, '0')}`);
  return Number.isSafeInteger(amount) ? cents(sign === '-' ? -amount : amount) : undefined;
}

/** 125,050 cents as `"1250.50"`. A sum over many amounts may be larger than `Cents` can be: it comes as a bigint. */
export function formatMoney(amount: Cents | bigint): string {
  const digits = String(amount).replace('-', '').padStart(3, '0');
  return `${amount < 0 ? '-' : ''}${digits.slice(0, -2)}.${digits.slice(-2)}`;
}

/** Checked sum. */
export function sumCents(amounts: readonly Cents[]): Cents {
  return amounts.reduce((total, amount) => cents(total + amount), cents(0));
}

/** Equal parts that sum to `amount`; cents left over go one each to the first parts. */
export function splitEqually(amount: Cents, parts: number): Cents[] {
  const base = Math.trunc(amount / parts);
  const left = amount - base * parts;
  return Array.from({ length: parts }, (_, index) => cents(base + (index < Math.abs(left) ? Math.sign(left) : 0)));
}
