import type { TopicName, TopicRecords } from '@bigboard/client';
import { useCallback, useSyncExternalStore } from 'react';
import { useBoard } from './boardContext.ts';
import { useSubscription } from './useSubscription.ts';

type Entries<T extends TopicName> = readonly (readonly [key: string, record: TopicRecords[T]])[];

/**
 * What the board holds, subscribed to and kept up to date.
 *
 * With a key: that record, or `undefined` while there is none; the component renders again only when it changes.
 * Without: every key with its record; renders again with anything in the topic, so it suits small topics.
 * The values never change, so they may be compared by reference.
 */
export function useTopic<T extends TopicName>(topic: T): Entries<T>;
export function useTopic<T extends TopicName>(topic: T, key: string | undefined): TopicRecords[T] | undefined;
export function useTopic<T extends TopicName>(
  ...args: [topic: T] | [topic: T, key: string | undefined]
): Entries<T> | TopicRecords[T] | undefined {
  const [topic, key] = args;
  const whole = args.length === 1;
  const board = useBoard();
  useSubscription(subscriptionOf(topic, key, whole));
  const listen = useCallback(
    (listener: () => void) => {
      if (whole) return board.onTopic(topic, listener);
      return key === undefined ? () => undefined : board.onKey(topic, key, listener);
    },
    [board, topic, key, whole],
  );
  return useSyncExternalStore(listen, () => {
    if (whole) return board.entries(topic);
    return key === undefined ? undefined : board.get(topic, key);
  });
}

/** Every key of a topic, subscribed to; renders again only when a key comes or goes. */
export function useTopicKeys(topic: TopicName): readonly string[] {
  const board = useBoard();
  useSubscription(topic);
  const listen = useCallback((listener: () => void) => board.onMembership(topic, listener), [board, topic]);
  return useSyncExternalStore(listen, () => board.keys(topic));
}

function subscriptionOf(topic: TopicName, key: string | undefined, whole: boolean): string | undefined {
  if (whole) return topic;
  return key === undefined ? undefined : `${topic}:${key}`;
}
