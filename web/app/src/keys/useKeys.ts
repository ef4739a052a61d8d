import { useEffect, useEffectEvent } from 'react';
import type { Command } from './keymap.ts';
import { commandOf } from './keymap.ts';

/** Calls `run` for every key that is a command, save while text is being typed or a dialog is open. */
export function useKeys(run: (command: Command) => void): void {
  const onKeyDown = useEffectEvent((event: KeyboardEvent) => {
    if (event.defaultPrevented || event.isComposing || document.querySelector('dialog[open]') !== null) return;
    const command = commandOf(event);
    if (command === undefined) return;
    if (isTyping(event.target) && command.name !== 'escape') return;
    // Enter and Space press the button in focus; they are commands only elsewhere.
    if (event.target instanceof HTMLButtonElement && (event.key === 'Enter' || event.key === ' ')) return;
    event.preventDefault();
    run(command);
  });
  useEffect(() => {
    document.addEventListener('keydown', onKeyDown);
    return () => document.removeEventListener('keydown', onKeyDown);
  }, []);
}

function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLInputElement || target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement
  );
}
