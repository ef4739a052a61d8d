import { useConnection } from '@bigboard/react';
import { useEffect, useState } from 'react';

type CandleView = typeof import('./CandleView.tsx').default;

interface Loaded {
  /** The component, once its code is here. */
  readonly CandleView: CandleView | undefined;
  /** The server could not give the code: it is down, or it is a newer one with other files. */
  readonly failed: boolean;
}

/** Loads the chart's code when it is first needed, and again with each new connection until it is here. */
export function useCandleView(): Loaded {
  const live = useConnection().state === 'live';
  const [CandleView, setCandleView] = useState<CandleView>();
  const [failed, setFailed] = useState(false);
  useEffect(() => {
    if (CandleView !== undefined) return;
    let wanted = true;
    import('./CandleView.tsx')
      .then((module) => {
        if (wanted) setCandleView(() => module.default);
      })
      .catch(() => {
        if (wanted) setFailed(true);
      });
    return () => {
      wanted = false;
    };
  }, [CandleView, live]);
  return { CandleView, failed: failed && CandleView === undefined };
}
