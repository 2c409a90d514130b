"""The river: the only folder that knows Kafka, Faust and Prometheus."""
