import { permits } from '@bigboard/client';
import { useConnection } from '@bigboard/react';

/** Whether the page's key may see this; an empty panel then says so, and not that there is nothing. */
export function usePermitted(topic: string, key?: string): boolean {
  return permits(useConnection().permissions, topic, key);
}

/** The sentence of a panel that has to stay empty. */
export function notPermitted(what: string): string {
  return `Your key does not permit ${what}. Ask whoever made it, or connect with another one.`;
}
