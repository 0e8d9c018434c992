/**
 * What a caller requires of the current state before it is changed. A service calls it with the row that it has
 * locked, before it changes anything.
 * @throws PreconditionFailed when somebody changed it meanwhile
 */
export type Precondition<Resource> = (current: Resource) => void;

/** For callers that require nothing. */
export const NO_PRECONDITION: Precondition<unknown> = () => undefined;
