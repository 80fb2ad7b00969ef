/**
 * An amount of money for people, without its currency. `beside`: the largest one in its column, which says how exact all
 * of them are: cents below ten, whole numbers from a hundred on.
 */
export function money(amount: number, beside = amount): string {
  if (amount <= 0) return '0';
  const digits = beside < 9.995 ? 2 : beside < 99.95 ? 1 : 0;
  const least = 10 ** -digits;
  return amount < least / 2 ? `<${least}` : amount.toFixed(digits);
}

/** Cores, GiB or cards for people: at most one digit after the point. */
export function plain(value: number): string {
  if (value > 0 && value < 0.05) return '<0.1';
  return String(Math.round(value * 10) / 10);
}
