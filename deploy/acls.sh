#!/bin/sh
# What each of Freshet's roles needs on a cluster that allows nothing unasked, written by `python -m deploy.acls`.
# Usage: acls.sh KAFKA ADMIN_PROPERTIES, where kafka-acls.sh is on the PATH. With other names of users, a tenant's
# prefix, or without Kafka's tools: `freshet topics acls`.
set -eu
kafka=$1 admin=$2
grant() { kafka-acls.sh --bootstrap-server "$kafka" --command-config "$admin" "$@"; }

# encode
grant --add --allow-principal 'User:freshet-encode' --group freshet-encode --operation Describe --operation Read
grant --add --allow-principal 'User:freshet-encode' --group freshet-follower-without-commits --operation Describe
grant --add --allow-principal 'User:freshet-encode' --topic dead-letters --operation Describe --operation DescribeConfigs --operation Write
grant --add --allow-principal 'User:freshet-encode' --topic embeddings --operation Describe --operation DescribeConfigs --operation Read --operation Write
grant --add --allow-principal 'User:freshet-encode' --topic erasure-receipts --operation Describe --operation DescribeConfigs
grant --add --allow-principal 'User:freshet-encode' --topic erasures --operation Describe --operation DescribeConfigs
grant --add --allow-principal 'User:freshet-encode' --topic examples --operation Describe --operation DescribeConfigs --operation Write
grant --add --allow-principal 'User:freshet-encode' --topic interactions --operation Describe --operation DescribeConfigs
grant --add --allow-principal 'User:freshet-encode' --topic items --operation Describe --operation DescribeConfigs --operation Read --operation Write
grant --add --allow-principal 'User:freshet-encode' --topic media --operation Describe --operation DescribeConfigs --operation Read --operation Write
grant --add --allow-principal 'User:freshet-encode' --topic model --operation Describe --operation DescribeConfigs
grant --add --allow-principal 'User:freshet-encode' --topic queries --operation Describe --operation DescribeConfigs --operation Read --operation Write
grant --add --allow-principal 'User:freshet-encode' --topic recommendations --operation Describe --operation DescribeConfigs
grant --add --allow-principal 'User:freshet-encode' --topic requests --operation Describe --operation DescribeConfigs
grant --add --allow-principal 'User:freshet-encode' --topic responses --operation Describe --operation DescribeConfigs
grant --add --allow-principal 'User:freshet-encode' --topic rules --operation Describe --operation DescribeConfigs
grant --add --allow-principal 'User:freshet-encode' --topic users --operation Describe --operation DescribeConfigs

# learn
grant --add --allow-principal 'User:freshet-learn' --group freshet-follower-without-commits --operation Describe
grant --add --allow-principal 'User:freshet-learn' --group freshet-learn --operation Describe --operation Read
grant --add --allow-principal 'User:freshet-learn' --topic dead-letters --operation Describe --operation DescribeConfigs
grant --add --allow-principal 'User:freshet-learn' --topic embeddings --operation Describe --operation DescribeConfigs --operation Read
grant --add --allow-principal 'User:freshet-learn' --topic erasure-receipts --operation Describe --operation DescribeConfigs --operation Write
grant --add --allow-principal 'User:freshet-learn' --topic erasures --operation Describe --operation DescribeConfigs
grant --add --allow-principal 'User:freshet-learn' --topic examples --operation Describe --operation DescribeConfigs --operation Read
grant --add --allow-principal 'User:freshet-learn' --topic interactions --operation Describe --operation DescribeConfigs
grant --add --allow-principal 'User:freshet-learn' --topic items --operation Describe --operation DescribeConfigs
grant --add --allow-principal 'User:freshet-learn' --topic media --operation Describe --operation DescribeConfigs
grant --add --allow-principal 'User:freshet-learn' --topic model --operation Describe --operation DescribeConfigs --operation Read --operation Write
grant --add --allow-principal 'User:freshet-learn' --topic queries --operation Describe --operation DescribeConfigs
grant --add --allow-principal 'User:freshet-learn' --topic recommendations --operation Describe --operation DescribeConfigs
grant --add --allow-principal 'User:freshet-learn' --topic requests --operation Describe --operation DescribeConfigs
grant --add --allow-principal 'User:freshet-learn' --topic responses --operation Describe --operation DescribeConfigs
grant --add --allow-principal 'User:freshet-learn' --topic rules --operation Describe --operation DescribeConfigs
grant --add --allow-principal 'User:freshet-learn' --topic users --operation Describe --operation DescribeConfigs

# recommend
grant --add --allow-principal 'User:freshet-recommend' --group freshet-follower-without-commits --operation Describe
grant --add --allow-principal 'User:freshet-recommend' --group freshet-recommend --operation Describe --operation Read
grant --add --allow-principal 'User:freshet-recommend' --topic dead-letters --operation Describe --operation DescribeConfigs --operation Write
grant --add --allow-principal 'User:freshet-recommend' --topic embeddings --operation Describe --operation DescribeConfigs --operation Read
grant --add --allow-principal 'User:freshet-recommend' --topic erasure-receipts --operation Describe --operation DescribeConfigs
grant --add --allow-principal 'User:freshet-recommend' --topic erasures --operation Describe --operation DescribeConfigs --operation Read --operation Write
grant --add --allow-principal 'User:freshet-recommend' --topic examples --operation Describe --operation DescribeConfigs --operation Read --operation Write
grant --add --allow-principal 'User:freshet-recommend' --topic interactions --operation Describe --operation DescribeConfigs --operation Read --operation Write
grant --add --allow-principal 'User:freshet-recommend' --topic items --operation Describe --operation DescribeConfigs --operation Read
grant --add --allow-principal 'User:freshet-recommend' --topic media --operation Describe --operation DescribeConfigs
grant --add --allow-principal 'User:freshet-recommend' --topic model --operation Describe --operation DescribeConfigs --operation Read
grant --add --allow-principal 'User:freshet-recommend' --topic queries --operation Describe --operation DescribeConfigs --operation Read --operation Write
grant --add --allow-principal 'User:freshet-recommend' --topic recommendations --operation Describe --operation DescribeConfigs --operation Read --operation Write
grant --add --allow-principal 'User:freshet-recommend' --topic requests --operation Describe --operation DescribeConfigs --operation Read --operation Write
grant --add --allow-principal 'User:freshet-recommend' --topic responses --operation Describe --operation DescribeConfigs --operation Write
grant --add --allow-principal 'User:freshet-recommend' --topic rules --operation Describe --operation DescribeConfigs --operation Read
grant --add --allow-principal 'User:freshet-recommend' --topic users --operation Describe --operation DescribeConfigs --operation Read --operation Write

# producer
grant --add --allow-principal 'User:freshet-producer' --group freshet-follower-without-commits --operation Describe
grant --add --allow-principal 'User:freshet-producer' --topic interactions --operation Describe --operation Write
grant --add --allow-principal 'User:freshet-producer' --topic media --operation Describe --operation Write

# subscriber
grant --add --allow-principal 'User:freshet-subscriber' --group freshet-follower-without-commits --operation Describe
grant --add --allow-principal 'User:freshet-subscriber' --topic items --operation Describe --operation Read
grant --add --allow-principal 'User:freshet-subscriber' --topic recommendations --operation Describe --operation Read

# asker
grant --add --allow-principal 'User:freshet-asker' --group freshet-follower-without-commits --operation Describe
grant --add --allow-principal 'User:freshet-asker' --topic items --operation Describe --operation Read
grant --add --allow-principal 'User:freshet-asker' --topic recommendations --operation Describe --operation Read
grant --add --allow-principal 'User:freshet-asker' --topic requests --operation Describe --operation Write
grant --add --allow-principal 'User:freshet-asker' --topic responses --operation Describe --operation Read

# eraser
grant --add --allow-principal 'User:freshet-eraser' --group freshet-follower-without-commits --operation Describe
grant --add --allow-principal 'User:freshet-eraser' --topic erasure-receipts --operation Describe --operation Read
grant --add --allow-principal 'User:freshet-eraser' --topic erasures --operation Describe --operation Write

# console
grant --add --allow-principal 'User:freshet-console' --group freshet-encode --operation Describe
grant --add --allow-principal 'User:freshet-console' --group freshet-follower-without-commits --operation Describe
grant --add --allow-principal 'User:freshet-console' --group freshet-learn --operation Describe
grant --add --allow-principal 'User:freshet-console' --group freshet-recommend --operation Describe
grant --add --allow-principal 'User:freshet-console' --topic dead-letters --operation Describe --operation DescribeConfigs --operation Read
grant --add --allow-principal 'User:freshet-console' --topic embeddings --operation Describe --operation DescribeConfigs
grant --add --allow-principal 'User:freshet-console' --topic erasure-receipts --operation Describe --operation DescribeConfigs
grant --add --allow-principal 'User:freshet-console' --topic erasures --operation Describe --operation DescribeConfigs
grant --add --allow-principal 'User:freshet-console' --topic examples --operation Describe --operation DescribeConfigs
grant --add --allow-principal 'User:freshet-console' --topic interactions --operation Describe --operation DescribeConfigs --operation Read --operation Write
grant --add --allow-principal 'User:freshet-console' --topic items --operation Describe --operation DescribeConfigs --operation Read
grant --add --allow-principal 'User:freshet-console' --topic media --operation Describe --operation DescribeConfigs
grant --add --allow-principal 'User:freshet-console' --topic model --operation Describe --operation DescribeConfigs --operation Read
grant --add --allow-principal 'User:freshet-console' --topic queries --operation Describe --operation DescribeConfigs
grant --add --allow-principal 'User:freshet-console' --topic recommendations --operation Describe --operation DescribeConfigs --operation Read
grant --add --allow-principal 'User:freshet-console' --topic requests --operation Describe --operation DescribeConfigs --operation Write
grant --add --allow-principal 'User:freshet-console' --topic responses --operation Describe --operation DescribeConfigs --operation Read
grant --add --allow-principal 'User:freshet-console' --topic rules --operation Describe --operation DescribeConfigs
grant --add --allow-principal 'User:freshet-console' --topic users --operation Describe --operation DescribeConfigs --operation Read

# reader
grant --add --allow-principal 'User:freshet-reader' --group freshet-encode --operation Describe
grant --add --allow-principal 'User:freshet-reader' --group freshet-follower-without-commits --operation Describe
grant --add --allow-principal 'User:freshet-reader' --group freshet-learn --operation Describe
grant --add --allow-principal 'User:freshet-reader' --group freshet-recommend --operation Describe
grant --add --allow-principal 'User:freshet-reader' --topic dead-letters --operation Describe --operation DescribeConfigs --operation Read
grant --add --allow-principal 'User:freshet-reader' --topic embeddings --operation Describe --operation DescribeConfigs --operation Read
grant --add --allow-principal 'User:freshet-reader' --topic erasure-receipts --operation Describe --operation DescribeConfigs --operation Read
grant --add --allow-principal 'User:freshet-reader' --topic erasures --operation Describe --operation DescribeConfigs --operation Read
grant --add --allow-principal 'User:freshet-reader' --topic examples --operation Describe --operation DescribeConfigs --operation Read
grant --add --allow-principal 'User:freshet-reader' --topic interactions --operation Describe --operation DescribeConfigs --operation Read
grant --add --allow-principal 'User:freshet-reader' --topic items --operation Describe --operation DescribeConfigs --operation Read
grant --add --allow-principal 'User:freshet-reader' --topic media --operation Describe --operation DescribeConfigs --operation Read
grant --add --allow-principal 'User:freshet-reader' --topic model --operation Describe --operation DescribeConfigs --operation Read
grant --add --allow-principal 'User:freshet-reader' --topic queries --operation Describe --operation DescribeConfigs --operation Read
grant --add --allow-principal 'User:freshet-reader' --topic recommendations --operation Describe --operation DescribeConfigs --operation Read
grant --add --allow-principal 'User:freshet-reader' --topic requests --operation Describe --operation DescribeConfigs --operation Read
grant --add --allow-principal 'User:freshet-reader' --topic responses --operation Describe --operation DescribeConfigs --operation Read
grant --add --allow-principal 'User:freshet-reader' --topic rules --operation Describe --operation DescribeConfigs --operation Read
grant --add --allow-principal 'User:freshet-reader' --topic users --operation Describe --operation DescribeConfigs --operation Read

# admin
grant --add --allow-principal 'User:freshet-admin' --group freshet-encode --operation Describe
grant --add --allow-principal 'User:freshet-admin' --group freshet-follower-without-commits --operation Describe
grant --add --allow-principal 'User:freshet-admin' --group freshet-learn --operation Describe
grant --add --allow-principal 'User:freshet-admin' --group freshet-recommend --operation Describe
grant --add --allow-principal 'User:freshet-admin' --topic dead-letters --operation Alter --operation AlterConfigs --operation Create --operation Delete --operation Describe --operation DescribeConfigs
grant --add --allow-principal 'User:freshet-admin' --topic embeddings --operation Alter --operation AlterConfigs --operation Create --operation Delete --operation Describe --operation DescribeConfigs --operation Read
grant --add --allow-principal 'User:freshet-admin' --topic erasure-receipts --operation Alter --operation AlterConfigs --operation Create --operation Delete --operation Describe --operation DescribeConfigs
grant --add --allow-principal 'User:freshet-admin' --topic erasures --operation Alter --operation AlterConfigs --operation Create --operation Delete --operation Describe --operation DescribeConfigs
grant --add --allow-principal 'User:freshet-admin' --topic examples --operation Alter --operation AlterConfigs --operation Create --operation Delete --operation Describe --operation DescribeConfigs --operation Read
grant --add --allow-principal 'User:freshet-admin' --topic interactions --operation Alter --operation AlterConfigs --operation Create --operation Delete --operation Describe --operation DescribeConfigs
grant --add --allow-principal 'User:freshet-admin' --topic items --operation Alter --operation AlterConfigs --operation Create --operation Delete --operation Describe --operation DescribeConfigs --operation Read
grant --add --allow-principal 'User:freshet-admin' --topic media --operation Alter --operation AlterConfigs --operation Create --operation Delete --operation Describe --operation DescribeConfigs
grant --add --allow-principal 'User:freshet-admin' --topic model --operation Alter --operation AlterConfigs --operation Create --operation Delete --operation Describe --operation DescribeConfigs --operation Read --operation Write
grant --add --allow-principal 'User:freshet-admin' --topic queries --operation Alter --operation AlterConfigs --operation Create --operation Delete --operation Describe --operation DescribeConfigs
grant --add --allow-principal 'User:freshet-admin' --topic recommendations --operation Alter --operation AlterConfigs --operation Create --operation Delete --operation Describe --operation DescribeConfigs
grant --add --allow-principal 'User:freshet-admin' --topic requests --operation Alter --operation AlterConfigs --operation Create --operation Delete --operation Describe --operation DescribeConfigs
grant --add --allow-principal 'User:freshet-admin' --topic responses --operation Alter --operation AlterConfigs --operation Create --operation Delete --operation Describe --operation DescribeConfigs
grant --add --allow-principal 'User:freshet-admin' --topic rules --operation Alter --operation AlterConfigs --operation Create --operation Delete --operation Describe --operation DescribeConfigs --operation Read --operation Write
grant --add --allow-principal 'User:freshet-admin' --topic users --operation Alter --operation AlterConfigs --operation Create --operation Delete --operation Describe --operation DescribeConfigs --operation Read --operation Write
