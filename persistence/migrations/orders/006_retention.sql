-- Used keys are removed when they are old.
create index idempotency_keys_age on idempotency_keys (created_at);
