import { useBoard } from '@bigboard/react';
import { setApiToken } from '../live/apiToken.ts';

/** Asks for the key of a protected server. */
export function TokenForm({ refused }: { readonly refused: boolean }): React.ReactNode {
  const board = useBoard();
  const submit = (form: FormData): void => {
    const token = form.get('token');
    if (typeof token !== 'string' || token === '') return;
    setApiToken(token);
    board.close();
    board.connect();
  };
  return (
    <form className="lost-bar" action={submit} data-testid="token-form">
      <label htmlFor="token">{refused ? 'The server did not accept the key.' : 'This server wants a key.'}</label>
      <input
        id="token"
        data-testid="token-field"
        name="token"
        type="password"
        className="field"
        placeholder="API key or token"
        autoComplete="off"
      />
      <button type="submit">Connect</button>
    </form>
  );
}
