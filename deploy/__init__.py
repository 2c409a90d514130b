"""What Freshet runs on: Apache Kafka without Docker, and the files for real deployments."""
