"""The suite's own PostgreSQL: an owner, a role that owns nothing, and databases apart."""

import psycopg
import pytest

from tests.support.postgres import Address, Cluster


def test_the_owner_creates_and_a_serving_role_owns_nothing(postgres_url: Address) -> None:
    with psycopg.connect(postgres_url) as owner:
        owner.execute("CREATE TABLE facts (seq int)")
    with (
        psycopg.connect(postgres_url.serving()) as serving,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        serving.execute("DROP TABLE facts")


def test_each_test_has_a_database_of_its_own(cluster: Cluster, postgres_url: Address) -> None:
    other = cluster.create()
    with psycopg.connect(postgres_url) as first, psycopg.connect(cluster.url(other)) as second:
        first.execute("CREATE TABLE here (seq int)")
        first.commit()
        assert second.execute("SELECT to_regclass('here')").fetchone() == (None,)
    cluster.drop(other)


def test_the_server_keeps_to_this_machine(cluster: Cluster) -> None:
    with psycopg.connect(cluster.url("postgres", "postgres")) as connection:
        assert connection.execute("SHOW listen_addresses").fetchone() == ("127.0.0.1",)
