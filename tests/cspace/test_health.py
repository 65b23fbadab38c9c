def test_health(api, db):
    assert api().get("/healthz").json() == {"status": "ok"}
    ready = api().get("/readyz")
    assert (ready.status_code, ready.json()) == (
        200,
        {"status": "ok", "checks": {"database": True, "migrations": True, "btree_gist": True, "clock": True}},
    )
