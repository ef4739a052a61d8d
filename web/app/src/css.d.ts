import 'react';

declare module 'react' {
  interface CSSProperties {
    /** The height of a row of the overview. */
    '--row'?: string;
  }
}
