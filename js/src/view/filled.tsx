/** `filled`: a sentence of the catalog with elements in it, wherever its language has them. */
import { Fragment, type ReactNode } from "react";

/** Around the number of an element: characters for private use, which no sentence has. */
const [BEFORE, AFTER] = ["\uE000", "\uE001"];

/** `sentence` is called with a stand-in for each element, as an argument for `trans.__`. */
export function filled(sentence: (...places: string[]) => string, ...elements: ReactNode[]): ReactNode {
  const text = sentence(...elements.map((_, at) => `${BEFORE}${at}${AFTER}`));
  // Every other part is the number of an element.
  return text
    .split(new RegExp(`${BEFORE}(\\d+)${AFTER}`))
    .map((part, at) => <Fragment key={at}>{at % 2 === 1 ? elements[Number(part)] : part}</Fragment>);
}
