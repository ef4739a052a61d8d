/** What a key permits, by the patterns that the server told: `*`, `topic` or `topic:key` (PROTOCOL section 7). */
export function permits(permissions: readonly string[] | undefined, topic: string, key?: string): boolean {
  // Not told yet, or a server that asks nobody: what is forbidden after all, the server says.
  if (permissions === undefined || permissions.includes('*') || permissions.includes(topic)) return true;
  return key !== undefined && permissions.includes(`${topic}:${key}`);
}
