/** The key or token that a protected server wants; kept for this tab alone, and never put into an address. */

const STORED_AS = 'bigboard.token';
let inMemory: string | undefined;

export function apiToken(): string | undefined {
  try {
    return sessionStorage.getItem(STORED_AS) ?? inMemory;
  } catch {
    return inMemory;
  }
}

export function setApiToken(token: string): void {
  inMemory = token;
  try {
    sessionStorage.setItem(STORED_AS, token);
  } catch {
    // Without storage it lasts until the page is left.
  }
}
