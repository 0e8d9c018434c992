// The tag that examples for Flux and Argo CD name, for commit-and-tag-version.

module.exports = {
  /** @param {string} text  @returns {string} */
  readVersion(text) {
    const [, version] = /^ +(?:tag|targetRevision): v(\S+)$/m.exec(text) ?? [];
    if (version === undefined) throw new Error('the example names no tag');
    return version;
  },
  /** @param {string} text  @param {string} version  @returns {string} */
  writeVersion(text, version) {
    return text.replace(/^( +(?:tag|targetRevision): v)\S+$/gm, `$1${version}`);
  },
};
