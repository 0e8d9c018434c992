// The version in deploy/kubernetes, for commit-and-tag-version: the tag of the image, the label, and the name of the migration Job.

/** @param {string} version  @returns {string} as names of objects may contain it */
const slug = (version) => version.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-');

module.exports = {
  /** @param {string} text  @returns {string} */
  readVersion(text) {
    const [, version] = /^ +newTag: (\S+)$/m.exec(text) ?? [];
    if (version === undefined) throw new Error('the kustomization names no newTag');
    return version;
  },
  /** @param {string} text  @param {string} version  @returns {string} */
  writeVersion(text, version) {
    return text
      .replace(/^( +newTag: )\S+$/m, `$1${version}`)
      .replace(/^( +app\.kubernetes\.io\/version: )\S+$/m, `$1${version}`)
      .replace(/^( +value: aegis-migrate-)\S+$/m, `$1${slug(version)}`);
  },
};
