#!/bin/bash
echo "Hello, world, this is ${DISCO_MODULE} on ${DISCO_NODE}"
