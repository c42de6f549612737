-- The rights of the servers, apart from those of the schema's owner: not even a server that was broken into can change
-- the audit log. Run it as the owner after every `db migrate`; it may be repeated. Make the role once, before:
--   create role holdfast_app login password '…';
grant usage on schema public to holdfast_app;
grant select, insert, update, delete on all tables in schema public to holdfast_app;
grant usage on all sequences in schema public to holdfast_app;

revoke update, delete on device_user_audit_log, audit_blocks from holdfast_app;
revoke delete on audit_chain_heads, sync_locks, device_writes, deleted_device_users from holdfast_app;
revoke insert, update, delete on migrations from holdfast_app;
