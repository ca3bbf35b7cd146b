// A text of many objects → pieces that can be parsed one by one, since what a parser keeps of a whole cluster's YAML would
// not fit into memory: the documents of a file, and the entries of a List as `oc` and `kubectl` print it.

export interface Piece {
  readonly text: string;
  /** Of its first line in the file, from 1. */
  readonly line: number;
  /** It is a list with the one entry; else it is a document. */
  readonly listed: boolean;
}

/** One piece, the whole text, where it has another form. */
export function piecesOf(text: string): readonly Piece[] {
  const whole: Piece = { text, line: 1, listed: false };
  // A directive (%YAML) holds for the document after it: rare enough to be read as a whole.
  if (/^%/m.test(text)) return [whole];
  const documents = cut(text, 1, /^---(?=\s|$)/gm, false);
  return documents.flatMap((document) => entriesOf(document));
}

/** Of a document that is `items:` and lines of no indentation besides: "-" there begins an entry, and nothing else can. */
function entriesOf(document: Piece): readonly Piece[] {
  const { text, line } = document;
  const head = /^items:[ \t]*\r?\n(?=-\s)/m.exec(text);
  if (!head || !/^kind:[ \t]*["']?List["']?[ \t]*\r?$/m.test(text)) return [document];
  const from = head.index + head[0].length;
  // Where the list ends: the next line that is neither indented nor an entry.
  const after = /^(?![ \t\r\n#]|-\s)/gm;
  after.lastIndex = from;
  const to = after.exec(text)?.index ?? text.length;
  const firstLine = line + linesIn(text.slice(0, from));
  return cut(text.slice(from, to), firstLine, /^-(?=\s)/gm, true);
}

function cut(text: string, line: number, edge: RegExp, listed: boolean): Piece[] {
  const pieces: Piece[] = [];
  let from = 0;
  let at = line;
  const push = (to: number) => {
    const piece = text.slice(from, to);
    if (piece.trim() !== '') pieces.push({ text: piece, line: at, listed });
    at += linesIn(piece);
    from = to;
  };
  for (const { index } of text.matchAll(edge)) if (index > from) push(index);
  push(text.length);
  return pieces;
}

function linesIn(text: string): number {
  let count = 0;
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) count++;
  return count;
}
