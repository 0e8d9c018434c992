/**
 * @typedef {object} Fault one changed line that a test must notice
 * @property {string} name what the program then does
 * @property {string} file
 * @property {string} from text that occurs once in the file
 * @property {string} to what is put in its place
 * @property {string} [survives] why no test can notice it
 */

/**
 * @param {string} file
 * @param {[name: string, from: string, to: string, survives?: string][]} faults
 * @returns {Fault[]}
 */
export function inFile(file, faults) {
  return faults.map(([name, from, to, survives]) => ({ name, file, from, to, survives }));
}
