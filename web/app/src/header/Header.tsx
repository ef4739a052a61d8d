import { Clock } from './Clock.tsx';
import { ConnectionBadge } from './ConnectionBadge.tsx';
import { Looks } from './Looks.tsx';
import { LostBar } from './LostBar.tsx';
import { ModeWord } from './ModeWord.tsx';
import './header.css';

interface HeaderProps {
  readonly onSearch: () => void;
  readonly onHelp: () => void;
}

/** Name, origin of the numbers, connection, search, time and looks. */
export function Header({ onSearch, onHelp }: HeaderProps): React.ReactNode {
  return (
    <header className="header">
      <span className="brand">Bigboard</span>
      <ModeWord />
      <ConnectionBadge />
      <div className="header-middle">
        <button type="button" className="search-button" onClick={onSearch} data-testid="search">
          Search symbol <kbd>type</kbd>
        </button>
        <LostBar />
      </div>
      <Clock />
      <Looks />
      <button type="button" className="choice" onClick={onHelp} title="Keys" aria-label="Show the keys">
        ?
      </button>
    </header>
  );
}
