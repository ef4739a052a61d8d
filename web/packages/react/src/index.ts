/** React hooks over a live board. A thin layer: all state and all rules are in @bigboard/client. */
export { BoardProvider, useBoard } from './boardContext.ts';
export { useConnection } from './useConnection.ts';
export { useSubscription } from './useSubscription.ts';
export { useTopic, useTopicKeys } from './useTopic.ts';
