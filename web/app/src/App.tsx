import { useConnection } from '@bigboard/react';
import { useEffect, useRef, useState } from 'react';
import { BookPanel } from './book/BookPanel.tsx';
import { ChartPanel } from './chart/ChartPanel.tsx';
import { useInterval } from './chart/useInterval.ts';
import { neighbour } from './chart/intervals.ts';
import { Header } from './header/Header.tsx';
import { HealthStrip } from './health/HealthStrip.tsx';
import { HealthTable } from './health/HealthTable.tsx';
import type { Command } from './keys/keymap.ts';
import { KeysHelp } from './keys/KeysHelp.tsx';
import { useKeys } from './keys/useKeys.ts';
import { LeftColumn } from './LeftColumn.tsx';
import { PanelBoundary } from './PanelBoundary.tsx';
import { selectSymbol, useSelectedSymbol } from './live/selection.ts';
import { useDefaultSymbol } from './live/useDefaultSymbol.ts';
import { useSettled } from './live/useSettled.ts';
import { toggleFavourite } from './overview/favourites.ts';
import { Overview } from './overview/Overview.tsx';
import { useOrder } from './overview/useOrder.ts';
import type { Match } from './search/matches.ts';
import { SearchBox } from './search/SearchBox.tsx';
import { TapePanel } from './tape/TapePanel.tsx';
import type { Tab } from './Tabs.tsx';
import { Tabs } from './Tabs.tsx';
import { useTitle } from './useTitle.ts';

const SETTLE_MS = 150;

/** The page: panels, and what is selected, open and typed. */
export function App(): React.ReactNode {
  const { state } = useConnection();
  const [filter, setFilter] = useState('');
  const [hold, setHold] = useState(false);
  const [search, setSearch] = useState<string>();
  const [help, setHelp] = useState(false);
  const [services, setServices] = useState(false);
  const [tab, setTab] = useState<Tab>('overview');
  const filterField = useRef<HTMLInputElement>(null);
  const symbols = useOrder(filter, hold);
  const initial = useDefaultSymbol();
  const selected = useSelectedSymbol() ?? initial;
  const shown = useSettled(selected, SETTLE_MS);
  const [interval, setInterval] = useInterval(shown);
  useTitle(shown);

  useEffect(() => {
    // The grey of a lost connection must reach every panel without a render of its own.
    document.documentElement.classList.toggle('values-lost', state === 'lost' || state === 'closed');
  }, [state]);

  const move = (index: number): void => {
    const symbol = symbols[Math.max(0, Math.min(symbols.length - 1, index))];
    if (symbol !== undefined) selectSymbol(symbol);
  };
  const pick = (match: Match): void => {
    setSearch(undefined);
    if (match.kind === 'interval') setInterval(match.name);
    else selectSymbol(match.name);
    setTab('chart');
  };
  const escape = (): void => {
    setServices(false);
    setFilter('');
    filterField.current?.blur();
  };
  const run = (command: Command): void => {
    switch (command.name) {
      case 'move':
        return move(symbols.indexOf(selected ?? '') + command.by);
      case 'edge':
        return move(command.end === 'first' ? 0 : symbols.length - 1);
      case 'search':
        return setSearch(command.begin);
      case 'interval':
        return interval === undefined ? undefined : setInterval(neighbour(interval, command.step));
      case 'filter':
        setTab('overview');
        return filterField.current?.focus();
      case 'help':
        return setHelp(true);
      case 'favourite':
        return selected === undefined ? undefined : toggleFavourite(selected);
      case 'services':
        return setServices(!services);
      case 'open':
        return setTab('chart');
      case 'escape':
        return escape();
    }
  };
  useKeys(run);

  return (
    <div className="app">
      <Header onSearch={() => setSearch('')} onHelp={() => setHelp(true)} />
      <main className="screens" data-tab={tab}>
        <LeftColumn>
          <PanelBoundary name="overview">
            <Overview
              symbols={symbols}
              filter={filter}
              onFilter={setFilter}
              onHold={setHold}
              selected={selected}
              onSelect={selectSymbol}
              filterField={filterField}
            />
          </PanelBoundary>
        </LeftColumn>
        <PanelBoundary name="chart">
          <ChartPanel symbol={shown} interval={interval} onInterval={setInterval} />
        </PanelBoundary>
        <PanelBoundary name="book" key={`book ${shown ?? ''}`}>
          <BookPanel symbol={shown} />
        </PanelBoundary>
        <PanelBoundary name="tape" key={`tape ${shown ?? ''}`}>
          <TapePanel symbol={shown} />
        </PanelBoundary>
      </main>
      <HealthStrip open={services} onToggle={() => setServices(!services)} />
      <Tabs tab={tab} onTab={setTab} />
      {services && <HealthTable onClose={() => setServices(false)} />}
      {search !== undefined && <SearchBox begin={search} onPick={pick} onClose={() => setSearch(undefined)} />}
      {help && <KeysHelp onClose={() => setHelp(false)} />}
    </div>
  );
}
