export type Tab = 'overview' | 'chart' | 'book';

const TABS: readonly (readonly [tab: Tab, label: string])[] = [
  ['overview', 'Overview'],
  ['chart', 'Chart'],
  ['book', 'Book'],
];

interface TabsProps {
  readonly tab: Tab;
  readonly onTab: (tab: Tab) => void;
}

/** On a phone: which of the panels fills the screen. */
export function Tabs({ tab, onTab }: TabsProps): React.ReactNode {
  return (
    <nav className="tabs" role="tablist" aria-label="Panels">
      {TABS.map(([name, label]) => (
        <button key={name} type="button" role="tab" aria-selected={name === tab} onClick={() => onTab(name)}>
          {label}
        </button>
      ))}
    </nav>
  );
}
