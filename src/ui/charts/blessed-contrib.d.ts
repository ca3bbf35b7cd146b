// The little of blessed and blessed-contrib that charts use; neither ships types that TypeScript 7 takes.

declare module 'blessed' {
  interface Screen {
    /** Rows of cells: [attribute, character]. */
    readonly lines: readonly (readonly (readonly [attribute: number, character: string])[])[];
    alloc(): void;
    append(widget: object): void;
  }
  const blessed: {
    readonly Screen: {
      new (options: { readonly program: object }): Screen;
      _bound?: boolean;
      global: Screen | null;
      total: number;
      readonly instances: Screen[];
    };
  };
  export default blessed;
}

declare module 'blessed-contrib/lib/widget/charts/line.js' {
  interface LineSeries {
    readonly title: string;
    readonly x: readonly string[];
    readonly y: readonly number[];
    readonly style: { readonly line: number };
  }
  const line: (options: object) => {
    readonly ctx: {
      lineTo(x: number, y: number): void;
      moveTo(x: number, y: number): void;
    };
    setData(series: readonly LineSeries[]): void;
    render(): void;
  };
  export default line;
}

declare module 'blessed-contrib/lib/widget/charts/bar.js' {
  const bar: (options: object) => {
    setData(bars: { readonly titles: readonly string[]; readonly data: readonly number[] }): void;
    render(): void;
  };
  export default bar;
}
