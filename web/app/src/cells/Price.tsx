import { useState } from 'react';
import { formatFixed, unchangedLength } from '../format/price.ts';

interface PriceProps {
  readonly value: number | undefined;
  readonly decimals: number;
}

/** A price whose digits that changed last are slightly brighter than the rest. */
export function Price({ value, decimals }: PriceProps): React.ReactNode {
  const text = value === undefined ? '–' : formatFixed(value, decimals);
  const [shown, setShown] = useState({ text, same: text.length });
  if (shown.text !== text) setShown({ text, same: unchangedLength(shown.text, text) });
  const same = shown.text === text ? shown.same : unchangedLength(shown.text, text);
  return (
    <span className="price">
      {text.slice(0, same)}
      <span className="changed">{text.slice(same)}</span>
    </span>
  );
}
