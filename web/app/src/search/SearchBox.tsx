import { useBoard } from '@bigboard/react';
import { useEffect, useRef, useState } from 'react';
import { Price } from '../cells/Price.tsx';
import { Signed } from '../cells/Signed.tsx';
import { priceDecimals } from '../format/precision.ts';
import { useSecond } from '../live/ticker.ts';
import type { Match } from './matches.ts';
import { findMatches } from './matches.ts';
import './search.css';

interface SearchBoxProps {
  /** The key that opened it. */
  readonly begin: string;
  readonly onPick: (match: Match) => void;
  readonly onClose: () => void;
}

/** Opens by typing: letters find a symbol, digits an interval too. */
export function SearchBox({ begin, onPick, onClose }: SearchBoxProps): React.ReactNode {
  const board = useBoard();
  const dialog = useRef<HTMLDialogElement>(null);
  const [text, setText] = useState(begin);
  const [at, setAt] = useState(0);
  const matches = findMatches(text, board.keys('market_data'));
  const chosen = Math.min(at, matches.length - 1);
  useEffect(() => {
    if (dialog.current?.open === false) dialog.current.showModal();
  }, []);
  const onKeyDown = (event: React.KeyboardEvent): void => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step !== undefined) {
      event.preventDefault();
      setAt((chosen + step + matches.length) % Math.max(1, matches.length));
    }
    const match = matches[chosen];
    if (event.key === 'Enter' && match !== undefined) onPick(match);
  };
  return (
    <dialog
      ref={dialog}
      className="search"
      aria-label="Search"
      data-testid="search-box"
      onClose={onClose}
      onClick={(event) => {
        if (event.target === dialog.current) onClose();
      }}
      onKeyDown={onKeyDown}
    >
      <input
        className="field search-field"
        autoFocus
        role="combobox"
        aria-expanded="true"
        aria-controls="search-matches"
        aria-activedescendant={matches.length > 0 ? `match-${chosen}` : undefined}
        aria-label="Symbol or interval"
        placeholder="Symbol, or an interval such as 5m"
        value={text}
        spellCheck={false}
        autoCapitalize="characters"
        onChange={(event) => {
          setText(event.target.value);
          setAt(0);
        }}
      />
      <ul id="search-matches" role="listbox" aria-label="Matches">
        {matches.map((match, i) => (
          <li
            key={`${match.kind} ${match.name}`}
            id={`match-${i}`}
            role="option"
            aria-selected={i === chosen}
            onPointerMove={() => setAt(i)}
            onClick={() => onPick(match)}
          >
            <span className="match-name">{match.name}</span>
            {match.kind === 'symbol' ? <Quote symbol={match.name} /> : <span className="label">candle interval</span>}
          </li>
        ))}
        {matches.length === 0 && <li className="empty">Nothing on the board matches “{text}”.</li>}
      </ul>
    </dialog>
  );
}

function Quote({ symbol }: { readonly symbol: string }): React.ReactNode {
  const board = useBoard();
  useSecond();
  const record = board.get('market_data', symbol);
  return (
    <>
      <span className="number">
        <Price value={record?.last_price} decimals={priceDecimals(symbol, record)} />
      </span>
      <span className="number">
        <Signed value={record?.change_24h_pct} decimals={2} unit="%" />
      </span>
    </>
  );
}
