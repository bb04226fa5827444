-- After a restore: the journal is another one from here on. Clients that have seen later events are told
-- so; offsets up to here stay good. To be run once, before an instance is started on the database.
INSERT INTO journal_facts (name, value)
SELECT 'backup_through', greatest(
    coalesce((SELECT max(seq) FROM events), 0),
    coalesce((SELECT value::bigint FROM journal_facts WHERE name = 'pruned_through'), 0)
)::text
ON CONFLICT (name) DO UPDATE SET value = excluded.value;
