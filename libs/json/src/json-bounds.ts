/** How much JSON a route takes, besides its bytes: known before any of it becomes an object. */
export interface JsonBounds {
  /** Most elements of a list, by the name of the field that holds it. */
  readonly lists: ReadonlyMap<string, number>;
  /**
   * Fields of the body itself that hold an object with names of the caller's choice: reserved names are names like others
   * there.
   */
  readonly freeNames: ReadonlySet<string>;
  /** Most values in all: members, elements and what holds them. */
  readonly values: number;
}
