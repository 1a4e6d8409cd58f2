#!/bin/bash
service postgresql stop || echo "postgresql is not installed here"
