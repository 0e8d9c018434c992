// The HEALTHCHECK of the image: ends with 0 when the server in this container answers /health/live with 200, else with 1.
// It asks about the process, not about the database: restarting a server does not repair a database.
const { HOST: host = '', PORT: port = '' } = process.env;
const isEverywhere = ['', '0.0.0.0', '::'].includes(host);
const name = isEverywhere ? '127.0.0.1' : host.includes(':') ? `[${host}]` : host;

try {
  const answer = await fetch(`http://${name}:${port === '' ? 8000 : port}/health/live`, {
    signal: AbortSignal.timeout(3000),
  });
  if (answer.status !== 200) throw new Error(`/health/live answers ${answer.status}`);
} catch (error) {
  const { cause } = error;
  console.error(cause?.code ?? cause?.message ?? error.message);
  process.exitCode = 1;
}
