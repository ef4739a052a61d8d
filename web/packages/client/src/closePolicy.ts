/** What a client does after a close: the table of PROTOCOL section 6. */
export type ClosePolicy = 'retry' | 'retry-later' | 'retry-slower' | 'authenticate' | 'stop';

/** The least wait after a close for too many messages or connections. */
export const RATE_LIMIT_WAIT_MS = 30_000;

const POLICIES: ReadonlyMap<number, ClosePolicy> = new Map<number, ClosePolicy>([
  [1009, 'stop'], // our own message was too large, and would be so again
  [4401, 'authenticate'],
  [4429, 'retry-later'],
  [4508, 'retry-slower'],
]);

/** `code` is undefined if the connection ended without a close, or never began. */
export function closePolicy(code: number | undefined): ClosePolicy {
  if (code === undefined) return 'retry';
  const listed = POLICIES.get(code);
  if (listed !== undefined) return listed;
  return code >= 4400 && code < 4500 ? 'stop' : 'retry';
}
