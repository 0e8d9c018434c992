// What makes a run fail besides its tests. Reporters and the teardown add lines; the run's reporter prints them last,
// where the end of a long output shows them.
const problems = [];

module.exports = { problems };
