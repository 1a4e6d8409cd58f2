#!/bin/bash
service website reload
