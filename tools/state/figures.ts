/** 1298 as `1,298`. */
export const number = (value: number): string => value.toLocaleString('en-US');

/** `28127941660.46` as `28,127,941,660.46`; `none` for no money. */
export function money(amount: string | null): string {
  if (amount === null) return 'none';
  const [whole = '', places = '00'] = amount.split('.');
  return `${whole.replaceAll(/\B(?=(\d{3})+$)/g, ',')}.${places}`;
}
