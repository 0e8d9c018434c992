// A spec that test/support/unit-specs.cjs takes for a unit must not find a PostgreSQL that others started.
delete process.env.AEGIS_TEST_POSTGRES;
delete process.env.AEGIS_TEST_CONTRACT;
