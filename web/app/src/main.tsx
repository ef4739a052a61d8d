import './styles/tokens.css';
import './styles/base.css';
import './styles/layout.css';
import { BoardProvider } from '@bigboard/react';
import { createRoot } from 'react-dom/client';
import { App } from './App.tsx';
import { applyLooks } from './header/applyLooks.ts';
import { openBoard } from './live/board.ts';

applyLooks();
const place = document.getElementById('root');
if (place === null) throw new Error('the page has no #root');
createRoot(place).render(
  <BoardProvider value={openBoard()}>
    <App />
  </BoardProvider>,
);
