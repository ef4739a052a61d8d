/** Prices with the symbol's own precision, and which of their digits changed. */

const MOST_DECIMALS = 12;

/** Decimals of the shortest decimal text of a number: 0.0005 has 4, 5e-7 has 7. */
export function decimalsOf(value: number): number {
  if (!Number.isFinite(value)) return 0;
  const [digits = '', exponent = '0'] = String(value).split('e');
  const fraction = digits.split('.')[1]?.length ?? 0;
  return Math.min(MOST_DECIMALS, Math.max(0, fraction - Number(exponent)));
}

/** Digits in groups of three; a minus sign as wide as a plus. */
function grouped(text: string): string {
  const negative = text.startsWith('-');
  const [whole = '', fraction] = (negative ? text.slice(1) : text).split('.');
  const withCommas = whole.replace(/\B(?=(\d{3})+$)/g, ',');
  return `${negative ? '−' : ''}${withCommas}${fraction === undefined ? '' : `.${fraction}`}`;
}

export function formatFixed(value: number, decimals: number): string {
  return grouped(value.toFixed(decimals));
}

/** The length of what stayed the same at the start: `63,412.5` to `63,418.0` keeps `63,41`. */
export function unchangedLength(before: string, after: string): number {
  // A price that grew by a digit is another number altogether.
  if (before.length !== after.length) return 0;
  let length = 0;
  while (length < after.length && before[length] === after[length]) length++;
  return length;
}
