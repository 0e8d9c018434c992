/**
 * The process can't start as it is set up: the message names the variable or file, the rule, and what to do,
 * never a secret value. The server ends with exit code 2, so does the command line.
 */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError';
}
