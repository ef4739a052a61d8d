import { useEffect, useRef } from 'react';
import { HELP } from './keymap.ts';

/** Every key and what it does. */
export function KeysHelp({ onClose }: { readonly onClose: () => void }): React.ReactNode {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    if (dialog.current?.open === false) dialog.current.showModal();
  }, []);
  return (
    <dialog ref={dialog} className="keys-help" aria-label="Keys" data-testid="keys" onClose={onClose}>
      <div className="panel-head">
        <h2>Keys</h2>
        <button type="button" className="choice push" onClick={onClose}>
          Close <kbd>Esc</kbd>
        </button>
      </div>
      <dl>
        {HELP.map(({ shown, does }) => (
          <div key={does} className="key-line">
            <dt>
              {shown.map((key) => (
                <kbd key={key}>{key}</kbd>
              ))}
            </dt>
            <dd>{does}</dd>
          </div>
        ))}
      </dl>
      <p className="label credits">
        Charts: TradingView Lightweight Charts™, Copyright (c) 2026 TradingView, Inc.,{' '}
        <a href="https://www.tradingview.com/" target="_blank" rel="noreferrer">
          tradingview.com
        </a>
      </p>
    </dialog>
  );
}
