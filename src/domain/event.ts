// An event is a function that takes a listener and returns its disposer.

export type Disposer = () => void;
export type Event<T> = (listener: (value: T) => void) => Disposer;

export interface Emitter<T> {
  readonly event: Event<T>;
  emit(value: T): void;
  /** True while somebody listens: lets a source skip work that nobody would see. */
  readonly hasListeners: boolean;
}

export function createEmitter<T>(): Emitter<T> {
  const listeners = new Set<(value: T) => void>();
  return {
    event(listener) {
      // Wrapped, so that the same function may listen twice.
      const entry = (value: T) => listener(value);
      listeners.add(entry);
      return () => void listeners.delete(entry);
    },
    emit(value) {
      for (const listener of [...listeners]) listener(value);
    },
    get hasListeners() {
      return listeners.size > 0;
    },
  };
}
