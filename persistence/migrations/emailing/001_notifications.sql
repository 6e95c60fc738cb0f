-- Notifications and e-mails, one each for every event that a customer cares about.

-- The event's source and id are the natural key. `seq` is the order in which they were written.
create table notifications (
  id text primary key,
  user_id text not null,
  type text not null check (type in ('ORDER', 'PAYMENT', 'DISPATCH')),
  title text not null,
  message text not null,
  order_id text,
  is_read boolean not null default false,
  created_at timestamptz not null default clock_timestamp(),
  seq bigint not null generated always as identity,
  event_source text not null,
  event_id text not null,
  unique (event_source, event_id)
);
create index notifications_of_user on notifications (user_id, seq desc);
create index notifications_unread on notifications (user_id, seq desc) where not is_read;

create table emails (
  id text primary key references notifications, -- the stem of the Message-ID
  user_id text not null,
  subject text not null,
  body text not null,
  status text not null default 'PENDING' check (status in ('PENDING', 'SENT')),
  tries integer not null default 0,
  next_try_at timestamptz not null default clock_timestamp(),
  created_at timestamptz not null default clock_timestamp(),
  sent_at timestamptz
);
create index emails_due on emails (next_try_at) where status = 'PENDING';

-- Whose order it is, from order-created. Without a user: somebody looked, and parked an event.
create table order_users (
  order_id text primary key,
  user_id text
);
