/** IPv4 addresses as numbers, to be compared. */

/** Two addresses and all between them. */
export type Range = { readonly from: string; readonly to: string };

/** A valid IPv4 address as a number. */
export function addressNumber(address: string): number {
  return address.split('.').reduce((sum, byte) => sum * 256 + Number(byte), 0);
}

/** Both ends of the range count. IPv4. */
export function isWithin(address: string, { from, to }: Range): boolean {
  const number = addressNumber(address);
  return addressNumber(from) <= number && number <= addressNumber(to);
}

/** Both have at least one address in common. */
export function overlap(a: Range, b: Range): boolean {
  return addressNumber(a.from) <= addressNumber(b.to) && addressNumber(b.from) <= addressNumber(a.to);
}

/** Both lie in the same network of that prefix length. */
export function shareNetwork(a: string, b: string, prefix: number): boolean {
  const size = 2 ** (32 - prefix);
  return Math.floor(addressNumber(a) / size) === Math.floor(addressNumber(b) / size);
}
