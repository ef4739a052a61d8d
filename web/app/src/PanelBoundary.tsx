import { Component } from 'react';

interface PanelBoundaryProps {
  readonly name: string;
  readonly children: React.ReactNode;
}

interface PanelBoundaryState {
  readonly error: Error | undefined;
}

/** A fault in one panel stays in that panel: the others go on showing the board. */
export class PanelBoundary extends Component<PanelBoundaryProps, PanelBoundaryState> {
  override state: PanelBoundaryState = { error: undefined };

  static getDerivedStateFromError(error: Error): PanelBoundaryState {
    return { error };
  }

  override render(): React.ReactNode {
    const { error } = this.state;
    if (error === undefined) return this.props.children;
    return (
      <section className={`panel ${this.props.name}`} role="alert">
        <p className="empty">
          This panel failed: {error.message}{' '}
          <button type="button" className="choice" onClick={() => this.setState({ error: undefined })}>
            Show it again
          </button>
        </p>
      </section>
    );
  }
}
