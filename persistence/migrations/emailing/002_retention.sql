-- Read notifications lose their text and their user when they are old, and stay as what their events
-- have told already; sent e-mails are removed, which their notification then knows.
alter table notifications add column email_removed_at timestamptz;
create index notifications_read on notifications (created_at) where is_read and user_id <> '';
create index emails_sent on emails (sent_at) where status = 'SENT';
