/** One type of element: its OID in PostgreSQL, the bytes that a value takes, and how they are written at an offset. */
interface Element<Value> {
  readonly oid: number;
  size(value: Value): number;
  write(into: Buffer, at: number, value: Value): void;
}

const HEADER_BYTES = 20;
const JSONB_VERSION = 1;
/** The size that says that there is no value. */
const NULL = -1;

const fixed = <Value>(oid: number, bytes: number, write: Element<Value>['write']): Element<Value> => ({
  oid,
  size: () => bytes,
  write,
});

const int2 = fixed<number>(21, 2, (into, at, value) => into.writeInt16BE(value, at));
const int4 = fixed<number>(23, 4, (into, at, value) => into.writeInt32BE(value, at));
const int8 = fixed<number>(20, 8, (into, at, value) => into.writeBigInt64BE(BigInt(value), at));
const bool = fixed<boolean>(16, 1, (into, at, value) => into.writeUInt8(value ? 1 : 0, at));
const uuid = fixed<string>(2950, 16, (into, at, value) => {
  if (into.write(value.replaceAll('-', ''), at, 16, 'hex') !== 16) throw new TypeError(`Not a UUID: ${value}`);
});
const bytea: Element<Buffer> = {
  oid: 17,
  size: (value) => value.length,
  write: (into, at, value) => value.copy(into, at),
};
const text: Element<string> = {
  oid: 25,
  size: (value) => Buffer.byteLength(value),
  write: (into, at, value) => into.write(value, at),
};
const jsonb: Element<string> = {
  oid: 3802,
  size: (value) => Buffer.byteLength(value) + 1,
  write: (into, at, value) => into.write(value, into.writeUInt8(JSONB_VERSION, at)),
};

function arrayOf<Value>({ oid, size, write }: Element<Value>): (values: readonly (Value | null)[]) => Buffer {
  return (values) => {
    const sizes = values.map((value) => (value === null ? NULL : size(value)));
    const into = Buffer.allocUnsafe(sizes.reduce((sum, bytes) => sum + 4 + Math.max(bytes, 0), HEADER_BYTES));
    let at = into.writeInt32BE(1, 0);
    at = into.writeInt32BE(sizes.includes(NULL) ? 1 : 0, at);
    at = into.writeInt32BE(oid, at);
    at = into.writeInt32BE(values.length, at);
    at = into.writeInt32BE(1, at);
    values.forEach((value, index) => {
      const bytes = sizes[index] ?? NULL;
      at = into.writeInt32BE(bytes, at);
      if (value === null) return;
      write(into, at, value);
      at += bytes;
    });
    return into;
  };
}

/**
 * Arrays in PostgreSQL's binary form: neither side quotes, escapes or scans them, which halves
 * what a large batch costs here. pg sends a Buffer as a binary parameter.
 */
export const binaryArray = {
  int2: arrayOf(int2),
  int4: arrayOf(int4),
  int8: arrayOf(int8),
  bool: arrayOf(bool),
  uuid: arrayOf(uuid),
  bytea: arrayOf(bytea),
  text: arrayOf(text),
  jsonb: arrayOf(jsonb),
};
