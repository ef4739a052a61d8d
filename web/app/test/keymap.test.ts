import { describe, expect, it } from 'vitest';
import type { KeyPress } from '../src/keys/keymap.ts';
import { commandOf } from '../src/keys/keymap.ts';

const press = (key: string, held: Partial<KeyPress> = {}): KeyPress => ({
  key,
  ctrlKey: false,
  metaKey: false,
  altKey: false,
  ...held,
});

describe('a key', () => {
  it.each(['b', 'B', 'é', '1', 'g'])('%s opens the search with itself', (key) => {
    expect(commandOf(press(key))).toEqual({ name: 'search', begin: key });
  });

  it.each([
    ['j', { name: 'move', by: 1 }],
    ['ArrowUp', { name: 'move', by: -1 }],
    ['/', { name: 'filter' }],
    ['?', { name: 'help' }],
    ['Escape', { name: 'escape' }],
    [' ', { name: 'favourite' }],
  ])('%s is a command', (key, command) => {
    expect(commandOf(press(key))).toEqual(command);
  });

  it('opens an empty search with Ctrl or Command', () => {
    expect(commandOf(press('k', { ctrlKey: true }))).toEqual({ name: 'search', begin: '' });
    expect(commandOf(press('K', { metaKey: true }))).toEqual({ name: 'search', begin: '' });
  });

  it.each([press('c', { ctrlKey: true }), press('r', { metaKey: true }), press('b', { altKey: true }), press('Tab')])(
    'is left to the browser otherwise',
    (pressed) => {
      expect(commandOf(pressed)).toBeUndefined();
    },
  );
});
